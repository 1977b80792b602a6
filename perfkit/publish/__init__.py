"""发布: from an executed notebook to the page, the PDF and the Word document."""
